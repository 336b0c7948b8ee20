"""mmaction2's own tools and Python interface as ``actionclip host`` finds them."""

from actionclip_mm import host_tools

host_tools.apply()
