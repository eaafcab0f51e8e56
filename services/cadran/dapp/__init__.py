"""The service at the DU: one actor, observation in, resource-block decision out, within the frame."""
