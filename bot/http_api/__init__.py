"""The HTTP door: everything that knows fastapi, starlette or uvicorn."""
