from __future__ import annotations

from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Path
from pydantic import BaseModel, ConfigDict, Field

from cadran.rest import add_documentation


class Wish(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 7}]})
    version: int | None = Field(default=None, description="one <held> here")
    names: list[str]


@pytest.fixture
def app() -> FastAPI:
    made = FastAPI(title="Trial", description="What it is.", docs_url=None, redoc_url=None)

    @made.post(
        "/v1/things/{thing}", tags=["things & more"], summary="Change a thing", description="All of it."
    )
    async def change(thing: Annotated[int, Path(description="which thing")], body: Wish) -> Wish:
        return body

    @made.get("/v1/other")
    async def other() -> int:
        return 1

    add_documentation(made)
    return made


async def test_every_operation_is_on_a_page_that_loads_nothing_from_elsewhere(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as http:
        answer = await http.get("/docs")
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
        assert "http://" not in answer.text
        assert "https://" not in answer.text
        assert "<script" not in answer.text
        for words in (
            "Change a thing",
            "All of it.",
            "/v1/things/{thing}",
            "which thing",
            "one &lt;held&gt; here",
            "integer or null",
            "array of string",
            "{&#34;version&#34;: 7}",
            "things &amp; more",
            "/v1/other",
        ):
            assert words in answer.text, words
        for file in ("page.css", "docs.css", "icon.svg"):
            assert (await http.get(f"/static/{file}")).status_code == 200
        assert (await http.get("/redoc")).status_code == 404
        described = (await http.get("/openapi.json")).json()
        assert set(described["paths"]) == {"/v1/things/{thing}", "/v1/other"}
