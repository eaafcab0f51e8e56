"""A1-P on the near-RT side: policies of the non-RT RIC, what they change, and whether they are met."""
