"""What the paper leaves open: each module asks one question."""
