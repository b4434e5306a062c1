"""Who works here and as what: users, posts held at divisions, stand-ins, and what each task may do.

A user acts in one post at a time. Whoever asks "may they?" asks a function of ``permissions``.
"""
