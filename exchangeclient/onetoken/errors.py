"""The errors of 1Token's programs: what stands in the second place of ``(res, err)``. Pure.

Every call of an account gives ``(res, err)``, one of them None; ``err`` is a :class:`ServiceError`. What is wrong with the arguments
themselves is raised, as a TypeError or ValueError that names the argument, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from exchangeclient.core.http import jsonio
from exchangeclient.exceptions import ExchangeException

_MOST_SHOWN: Final = 2000


class ServiceError(ExchangeException):
    """The service could not do it.

    :ivar code: why: one of :class:`HTTPError`'s, or a word of the service's own such as ``contract-not-exist``
    :ivar message: for a person
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


class HTTPError(ServiceError):
    """A call over HTTP that brought no good answer.

    ============= =================================================================================================
    TIMEOUT       no answer in time
    RESPONSE_4XX  refused; ``message`` is the body, :attr:`error_code` what the service calls it
    RESPONSE_5XX  the service, or the venue behind it, is in trouble
    NOT_200       neither good nor an error, such as a redirect, which is not followed
    NOT_JSON      a good answer that cannot be read
    HTTP_ERROR    no connection, or it broke
    ============= =================================================================================================

    :ivar code: one of these
    :ivar status_code: of HTTP, 0 without an answer
    :ivar error_code: the service's own, such as ``exg-place-order-no-money``; empty without one
    :ivar data: what the service adds, such as both halves of a partial success
    :ivar sent: ``"no"``, ``"maybe"`` or ``"yes"``: whether the call has reached the service
    :ivar transient: True when the connection failed in a way that may pass
    :ivar retry_after: seconds to stay away, when the service said so
    :ivar client_oid: of an order of which nobody knows whether it was placed: ask for it before you place another; else empty
    """

    TIMEOUT: Final = "TIMEOUT"
    RESPONSE_4XX: Final = "RESPONSE_4XX"
    RESPONSE_5XX: Final = "RESPONSE_5XX"
    NOT_200: Final = "NOT_200"
    NOT_JSON: Final = "NOT_JSON"
    HTTP_ERROR: Final = "HTTP_ERROR"

    def __init__(
        self, code: str, message: str = "", *, status_code: int = 0, error_code: str = "", data: Any = None, sent: str = "yes"
    ) -> None:
        super().__init__(code, message[:_MOST_SHOWN])
        self.status_code = status_code
        self.error_code = error_code
        self.data = data
        self.sent = sent
        self.client_oid = ""
        self.transient = False
        self.retry_after: float | None = None

    @property
    def outcome_unknown(self) -> bool:
        """True when the call may have been carried out all the same: all but a refusal, and a call that never left."""
        if self.error_code in _NOBODY_KNOWS:
            return True
        return self.sent != "no" and self.code != self.RESPONSE_4XX


_NOBODY_KNOWS: Final = frozenset({"exg-timeout", "exg-unknown-error", "unknown-exg-error", "exg-bad-gateway"})


def of_answer(status: int, text: str) -> HTTPError:
    """The error that an answer stands for."""
    code = HTTPError.RESPONSE_5XX if status >= 500 else HTTPError.RESPONSE_4XX if status >= 400 else HTTPError.NOT_200
    try:
        told = jsonio.decode(text)
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    own = told.get("code")
    return HTTPError(code, text, status_code=status, error_code=own if isinstance(own, str) else "", data=told.get("data"))


class Error(ExchangeException):
    """An error in the form of the wire: ``{code, message, status, data}``."""

    def __init__(self, code: str, message: str = "", status: int = 400, data: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.data = data

    def to_dict(self) -> dict[str, Any]:
        """As the service sends it."""
        return {"code": self.code, "message": self.message, "status": self.status, "data": self.data}

    @classmethod
    def from_dict(cls, dct: Mapping[str, Any]) -> Self:
        """Of what the service sends.

        :raises KeyError: without a code
        """
        return cls(dct["code"], dct.get("message", ""), dct.get("status", 400), dct.get("data"))

    @classmethod
    def from_http_error(cls, error: HTTPError) -> Self:
        """Of what a call gave."""
        return cls(error.error_code or error.code, error.message, error.status_code or 400, error.data)


class Const:
    """How a call of the first days could end. ``EXCHNAGE_ERROR`` is the misprint of the original, kept."""

    SUCCESS: Final = "SUCCESS"
    EXCHANGE_ERROR: Final = "EXCHANGE_ERROR"
    EXCHNAGE_ERROR: Final = EXCHANGE_ERROR
    EXCHANGE_TIMEOUT: Final = "EXCHANGE_TIMEOUT"
    LOGIC_ERROR: Final = "LOGIC_ERROR"


class Code:
    """Names that are their own texts."""

    REF_KEY_NOT_FOUND: Final = "REF_KEY_NOT_FOUND"
    ENTRUST_NO_NOT_FOUND: Final = "ENTRUST_NO_NOT_FOUND"
    CLIENT_OID: Final = "CLIENT_OID"
    EXCHANGE_OID: Final = "EXCHANGE_OID"
    CLIENT_CANCEL: Final = "CLIENT_CANCEL"
    CONTRACT_NOT_EXIST: Final = "CONTRACT_NOT_EXIST"
    NOT_200: Final = "NOT_200"
    NOT_JSON: Final = "NOT_JSON"
    TIMEOUT: Final = "TIMEOUT"
    SUCCESS: Final = "SUCCESS"
    ACCOUNT_WAITTING_CREATE: Final = "ACCOUNT_WAITTING_CREATE"
    ACCOUNT_NOT_EXIST: Final = "ACCOUNT_NOT_EXIST"
    ACCOUNT_TOO_FREQUENT: Final = "ACCOUNT_TOO_FREQUENT"
    WEBSOCKET_UNHEALTH: Final = "WEBSOCKET_UNHEALTH"
    WEBSOCKET_CONNECTING: Final = "WEBSOCKET_CONNECTING"
    SOME_ERROR: Final = "SOME_ERROR"
    UNEXPECT_ERROR: Final = "UNEXPECT_ERROR"
    UNKNOW_METHOD: Final = "UNKNOW_METHOD"
    NO_PERMISSION: Final = "NO_PERMISSION"
