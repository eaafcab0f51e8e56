"""Intervals in words, and the sentence that paired differences allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cadran.lab.statistics.intervals import Interval


@dataclass(frozen=True)
class Difference:
    """Mean reward of one policy minus that of another on the same episodes."""

    other: str
    interval: Interval


def told(interval: Interval, decimals: int = 3, *, signed: bool = False) -> str:
    """An interval in a sentence: ``0.927 (0.916 to 0.938)``; differences are signed."""
    sign = "+" if signed else ""
    value, low, high = (
        f"{part:{sign}.{decimals}f}" for part in (interval.value, interval.low, interval.high)
    )
    return f"{value} ({low} to {high})".replace("-", "−")


def verdict(interval: Interval, first: str, second: str, unit: str = "a frame") -> str:
    """One sentence on a difference of rewards: more, less, or not to be told apart."""
    number = told(interval, signed=True)
    match interval.verdict:
        case "better":
            return f"{first} earns more than {second}: {number} {unit}."
        case "worse":
            return f"{first} earns less than {second}: {number} {unit}."
        case _:
            return f"{first} and {second} cannot be told apart: {number} {unit}."


def sentence(subject: str, episodes: int, differences: Sequence[Difference]) -> str:
    """One plain sentence on what paired differences show, ties as ties and losses as losses."""
    by_verdict = {
        verdict: [d for d in differences if d.interval.verdict == verdict]
        for verdict in ("better", "worse", "tie")
    }
    if not differences:
        return f"{subject} was evaluated on {episodes} held-out episodes, beside nothing else."
    parts = []
    if by_verdict["better"]:
        parts.append("earns more than " + _list(by_verdict["better"]))
    if by_verdict["worse"]:
        parts.append("earns less than " + _list(by_verdict["worse"]))
    if by_verdict["tie"]:
        parts.append("cannot be told apart from " + _list(by_verdict["tie"]))
    claim = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    return (
        f"On {episodes} held-out episodes, each policy on the same ones, {subject} {claim} (95 % intervals)."
    )


def _list(differences: Sequence[Difference]) -> str:
    ordered = sorted(differences, key=lambda d: d.interval.value)
    names = [f"{d.other} ({d.interval.value:+.3f})" for d in ordered]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
