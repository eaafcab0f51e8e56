"""Experiments in one process: the same radio, learners and actors as the services, without a network."""
