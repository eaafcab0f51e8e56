"""What services with a REST API share: errors as problem details, metrics and health, pages, serving."""

from cadran.rest.documentation import add_documentation
from cadran.rest.errors import PROBLEM_TYPE, ProblemDetails, add_errors, problem
from cadran.rest.operation import add_operation
from cadran.rest.pages import page, page_environment, static_files
from cadran.rest.server import listen, serving

__all__ = [
    "PROBLEM_TYPE",
    "ProblemDetails",
    "add_documentation",
    "add_errors",
    "add_operation",
    "listen",
    "page",
    "page_environment",
    "problem",
    "serving",
    "static_files",
]
