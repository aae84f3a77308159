"""Screens of the demo data: names and layouts."""

LARGE_HALL = """\
   sssss.sssss
  ssssss.ssssss
 sssssss.sssssss
 sssssss.sssssss
 sssssss.sssssss
 sssssss.sssssss
 ssssssx.xssssss
 sssssss.sssssss
 sssssss.sssssss
 sssssss.sssssss
ssssssss.ssssssss
ssssssss.ssssssss

wc.sssss.sssss.cw
"""

SMALL_HALL = """\
  sssss.sssss
 ssssss.ssssss
 ssssss.ssssss
 ssssss.ssssss
 ssssss.ssssss
 sssssx.xsssss
 ssssss.ssssss
wcsssss.sssssss
"""

DEMO_SCREENS = [
    ("Screen 1", LARGE_HALL),
    ("Screen 2", SMALL_HALL),
    ("Screen 3", "ssssssssss\n" * 6),
    ("Studio", "sssssss\n" * 4),
]
