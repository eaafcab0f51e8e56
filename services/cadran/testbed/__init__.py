"""The whole testbed on one machine: starts, watches, restarts, shows and reports the services."""
