"""What all sections of a world have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SLICES = 3
EMBB, MMTC, URLLC = 0, 1, 2

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, le=1)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A frozen part of the scenario; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
