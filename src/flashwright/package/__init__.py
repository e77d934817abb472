"""Update packages: images prepared for the way through the air."""
