"""The service at the DU: one actor, observation in, resource-block decision out, within the frame."""

from cadran.dapp.agent import Action, DuAgent, Indication, Transition
from cadran.dapp.policies import PolicySlot

__all__ = ["Action", "DuAgent", "Indication", "PolicySlot", "Transition"]
