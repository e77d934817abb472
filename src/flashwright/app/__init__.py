"""One function a verb: plan, check, draw, convert, diff, prove, ..."""
