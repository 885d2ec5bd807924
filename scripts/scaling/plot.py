"""Draw waiting jobs over an hour as SVG, without a library: two lines and their scales."""

from html import escape

from scripts.scaling.simulation import Played

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 240, 84, 30
STEPS = 160


def chart(title: str, before: Played, after: Played) -> str:
    """Return an SVG of the jobs that wait, as it comes and with what it needs."""
    top = max(1.0, *before.waiting, *after.waiting)
    lines = [
        _line(before, top, "#b45309", "as it comes", WIDTH - 140),
        _line(after, top, "#0369a1", "with what it needs", WIDTH - 10),
    ]
    axes = (
        f'<path d="M{LEFT} 30V{HEIGHT - BOTTOM}H{WIDTH - 10}" fill="none" stroke="#64748b"/>'
        f'<text x="{LEFT - 8}" y="36" text-anchor="end">{top:,.0f}</text>'
        f'<text x="{LEFT - 8}" y="{HEIGHT - BOTTOM}" text-anchor="end">0</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 10}">0 min</text>'
        f'<text x="{WIDTH - 10}" y="{HEIGHT - 10}" text-anchor="end">{len(before.waiting) // 60} min</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" fill="#64748b" role="img" aria-label="{escape(title)}: jobs that wait">'
        f'<text x="{LEFT}" y="18">'
        f"{escape(title)}: jobs that wait</text>{axes}{''.join(lines)}</svg>\n"
    )


def _line(played: Played, top: float, colour: str, name: str, right: int) -> str:
    number = len(played.waiting)
    points = [(second, played.waiting[second]) for second in range(0, number, max(1, number // STEPS))]
    path = " ".join(f"{_x(second, number):.1f},{_y(value, top):.1f}" for second, value in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        f'<text x="{right}" y="18" text-anchor="end" fill="{colour}">{name}</text>'
    )


def _x(second: int, number: int) -> float:
    return LEFT + (WIDTH - 10 - LEFT) * second / number


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 30) * value / top
