"""The wire: E2AP, E2SM and E3AP sessions over gRPC, their codecs, and the KPM measurement registry."""
