"""Photos: from a shopper's bytes to what the model sees.

Pure functions: nothing is read or written, no global setting is changed. All that a decoder can raise comes out as
`lookalike.errors.PhotoRejectedError`, in bounded time and memory (`limits.Limits`).

Nothing is imported here: who only asks for `limits` or `pixels` never loads a decoder, which counts at a
function's cold start.
"""
