"""Maps of a layout: terminal, SVG, PNG, HTML."""
