"""What every service needs: settings, logging, metrics, health, addresses, lifecycle."""
