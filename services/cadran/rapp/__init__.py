"""The rApp: learns, from many DUs' experience, an initialisation from which a DU adapts in a few shots."""
