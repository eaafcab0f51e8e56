"""A1 policy management at the non-RT RIC: policies are kept here, and kept alike at the near-RT RIC."""
