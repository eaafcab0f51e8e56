"""What services with a REST API share: errors as problem details, metrics and health beside it, serving."""

from cadran.rest.errors import PROBLEM_TYPE, ProblemDetails, add_errors, problem
from cadran.rest.operation import add_operation
from cadran.rest.server import listen, serving

__all__ = ["PROBLEM_TYPE", "ProblemDetails", "add_errors", "add_operation", "listen", "problem", "serving"]
