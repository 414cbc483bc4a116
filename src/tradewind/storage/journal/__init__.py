"""The journal: everything a session consumed and was about to send, in one append-only file that proves itself.

layout     what the bytes are: frames with lengths, checksums and a hash chain
writer     one writer, group commit on its own thread, durable up to a position
reader     entries back, an incomplete tail cut, any other damage named
recorder   the engine's driver told of the journal (`engine.ports.Recorder`)
"""
