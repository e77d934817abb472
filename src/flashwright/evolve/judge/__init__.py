"""What a change does to devices in the field, with its reasons."""
