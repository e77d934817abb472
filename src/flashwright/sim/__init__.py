"""The prover: update schemes as step machines, and an explorer of every power cut in them."""
