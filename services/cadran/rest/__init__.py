"""What services with a REST API share: errors as problem details, metrics and health, pages, serving."""

from cadran.rest.documentation import add_documentation
from cadran.rest.errors import PROBLEM_TYPE, ProblemDetails, StatusError, add_errors, problem
from cadran.rest.limits import Limits, add_limits
from cadran.rest.operation import add_operation
from cadran.rest.pages import page, page_environment, static_files
from cadran.rest.security import Security, caller_of, requires, rest_app, security_of
from cadran.rest.server import RestTls, listen, serving
from cadran.rest.tokens import Caller, Role, TokenFile

__all__ = [
    "PROBLEM_TYPE",
    "Caller",
    "Limits",
    "ProblemDetails",
    "RestTls",
    "Role",
    "Security",
    "StatusError",
    "TokenFile",
    "add_documentation",
    "add_errors",
    "add_limits",
    "add_operation",
    "caller_of",
    "listen",
    "page",
    "page_environment",
    "problem",
    "requires",
    "rest_app",
    "security_of",
    "serving",
    "static_files",
]
