"""The RAN simulator service: the radio world with its E3 and E2 agents."""
