"""Movement of UEs, and handover between DUs: ``update.move`` does both."""
