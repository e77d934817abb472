"""Slots of images: how they relate, what limits them, where the bootloader looks for them."""
