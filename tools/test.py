"""mmaction2's tools/test.py with this plugin: tests a recognizer from a config, same options."""

from _entry import run_tool
from _host_tool import run_host_tool

if __name__ == '__main__':
    run_tool(lambda: run_host_tool('test.py'))
