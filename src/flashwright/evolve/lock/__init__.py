"""``flash.lock``: the layouts that have shipped, and what holds a new one to them."""
