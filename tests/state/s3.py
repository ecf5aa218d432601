"""A server of the S3 protocol on this machine: `python -m tests.state.s3 [careless]` prints its port.

It answers one request after another, so that creating an object only where there is none is as atomic as it is
at S3 (moto looks, then writes).
"""

from __future__ import annotations

import sys
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def careless(application: Any) -> Any:
    """Return a server that ignores the condition of a PUT, as some that speak S3 do."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_IF_NONE_MATCH", None)
        return application(environ, start_response)

    return answer


if __name__ == "__main__":
    application: Any = DomainDispatcherApplication(create_backend_app)
    if "careless" in sys.argv:
        application = careless(application)
    server = make_server("127.0.0.1", 0, application, threaded=False)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
