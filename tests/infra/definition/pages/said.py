"""Say a time as the pages do, in words where they use words."""

SAID: dict[float, str] = {1: "a second", 30: "half a minute", 60: "a minute", 3600: "an hour", 86_400: "a day"}
EACH: dict[float, str] = {60: "once a minute", 900: "every quarter of an hour", 3600: "every hour"}
OFTEN: dict[float, str] = {3600: "hourly", 86_400: "nightly"}
SHARES: dict[float, str] = {1 / 10: "a tenth", 1 / 100: "a hundredth"}
COUNTS: dict[float, str] = {
    1: "a", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 8: "eight", 9: "nine", 10: "ten", 11: "eleven",
    12: "twelve", 20: "twenty",
}  # fmt: skip
