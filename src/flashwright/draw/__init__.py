"""The map of a flash: for the terminal, as SVG, PNG and HTML, alone or two side by side.

``picture`` says what is drawn, ``scale`` how tall, ``lanes`` beside what; the other modules only
put that on paper. Nothing here judges a table: findings come from outside.
"""
