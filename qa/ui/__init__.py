"""The web page and the programs' interfaces over an `qa.assistant.Assistant`; the only place that knows Gradio.

Importing this package has no side effects and does not import Gradio.
"""
