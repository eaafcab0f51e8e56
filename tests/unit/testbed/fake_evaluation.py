"""The result of an evaluation, made up."""

from cadran.lab.evaluation import Evaluation, PolicyResult
from cadran.lab.statistics import Difference, Interval

MEANS = {
    "learned": 0.927, "learned (sampled)": 0.922, "random": 0.730, "equal share": 0.813,
    "need-proportional": 0.686, "PF over all users": 0.816, "best static split": 0.864,
    "tuned priority": 0.908, "one-step greedy": 0.923,
}  # fmt: skip
EVALUATION = Evaluation(
    subject="learned",
    episodes=24,
    frames_per_episode=100,
    seed=7,
    results=tuple(
        PolicyResult(
            name=name,
            detail="URLLC x4, mMTC x1" if name == "tuned priority" else "",
            reward=Interval(mean, mean - 0.011, mean + 0.011),
            qos=(0.7, 0.9, 0.97),
            episode_rewards=(mean,) * 24,
        )
        for name, mean in MEANS.items()
    ),
    differences=tuple(
        Difference(
            name,
            Interval(MEANS["learned"] - mean, MEANS["learned"] - mean - 0.01, MEANS["learned"] - mean + 0.01),
        )
        for name, mean in MEANS.items()
        if name != "learned"
    ),
    sentence="On 24 held-out episodes, learned earns more than equal share (+0.114).",
)
