"""Detect in uploaded pictures with FastAPI: ``granian --interface asgi upload:app``, in this folder.

It needs ``pip install fastapi python-multipart granian``, and answers
``curl -F file=@photo.jpg http://127.0.0.1:8000/detect``. One Human serves all requests: they run at the same time, and
pictures for which there is no room in memory wait. ``humanrt serve`` is a whole service.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, File, HTTPException, Request

from humanrt import Human
from humanrt.errors import InputError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Human]]:
    async with Human() as human:
        await human.load()
        yield {"human": human}


app = FastAPI(lifespan=lifespan)


@app.post("/detect")
async def detect(file: Annotated[bytes, File()], request: Request) -> dict[str, Any]:
    try:
        with await request.state.human.detect(file) as result:
            return result.to_dict()
    except InputError as error:
        raise HTTPException(422, str(error)) from error
