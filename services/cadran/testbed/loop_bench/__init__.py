"""What the control loops take: E3 with its phases, E2 controls and their effect, A1 over REST."""
