"""The web page and the programs' interfaces over a `qa.assistant.Assistant`; alone in knowing Gradio.

Importing this package has no side effects and does not import Gradio.
"""
