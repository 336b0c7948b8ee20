"""mmaction2's tools/train.py with this plugin: trains a recognizer from a config, same options."""

from _entry import run_tool
from _host_tool import kept_of_training, run_host_tool

if __name__ == '__main__':
    run_tool(lambda: run_host_tool('train.py'), kept=kept_of_training)
