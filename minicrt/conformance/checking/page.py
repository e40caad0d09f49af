"""A check's results as one HTML file that needs nothing else"""

from collections.abc import Sequence
from html import escape

from minicrt import __version__
from minicrt.conformance.checking.comparison import TensorComparison
from minicrt.conformance.checking.extent import axis_names
from minicrt.conformance.checking.heatmap import heat_map, legend
from minicrt.conformance.checking.port import CheckReport
from minicrt.conformance.checking.report import HEAD, counted, headline, row_cells
from minicrt.conformance.golden.tensors import BACKWARD

MAPS = 8                                                     # so many diverging tensors of a case are drawn
NUMBERS = (4, 5, 6, 7, 8)                                    # columns that sort by value

STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 100rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: .2rem } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem } h3 { font-size: 1rem }
table { border-collapse: collapse; font: 13px/1.5 ui-monospace, monospace } .wide { overflow-x: auto }
th, td { text-align: left; padding: .15rem .7rem; border-bottom: 1px solid #e3e6ea; white-space: nowrap }
th { background: #f4f6f8; cursor: pointer } td.problem { white-space: normal; min-width: 24rem; color: #a11 }
tr.WRONG td { background: #fdf0ee } tr.first td { background: #fbd9d3; font-weight: 600 }
details { margin: .6rem 0; color: #5a636d } tr.missing td { color: #8a929b }
.ok { color: #17683a } .bad { color: #b3261e } .diagnosis { border-left: 4px solid #b3261e; padding: .2rem 1rem }
.diagnosis p { margin: .3rem 0 } .diagnosis p:first-child { font-weight: 600 } .note { color: #5a636d }
.maps { display: flex; flex-wrap: wrap; gap: 1.5rem } .axes { font-size: 12px; color: #5a636d; margin: .1rem 0 0 96px }
svg text { font: 11px ui-monospace, monospace; fill: #3a424b } .frame { fill: none; stroke: #9aa3ad }"""

SCRIPT = """\
for (const head of document.querySelectorAll('th')) head.onclick = () => {
  const body = head.closest('table').tBodies[0], column = head.cellIndex, number = 'number' in head.dataset;
  const down = head.dataset.down = head.dataset.down === '1' ? '0' : '1';
  const key = row => { const text = row.cells[column].textContent; return number ? (parseFloat(text) || 0) : text; };
  const order = (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (down === '1' && number ? -1 : 1);
  [...body.rows].sort(order).forEach(row => body.appendChild(row));
};"""


def page(reports: Sequence[CheckReport], source: str = "") -> str:
    """The whole page: a summary, then for each case its diagnosis, its table and where its tensors are wrong.

    Cases that are wrong come first. `source` says whose numbers these are.
    """
    wrong = [report for report in reports if not report.ok]
    count = counted(len(reports), "case")
    verdict = f'<b class="bad">{len(wrong)} of {count} wrong</b>' if wrong else f'<b class="ok">{count} right</b>'
    ordered = [*wrong, *(report for report in reports if report.ok)]
    whose = f" of {escape(source)}" if source else ""
    return "\n".join([
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        f"<title>minicrt golden check{whose}</title>", f"<style>\n{STYLE}\n</style>", "</head>", "<body>",
        f"<h1>Golden check{whose}</h1>", f"<p>{verdict} (minicrt {escape(__version__)}).</p>", summary(ordered),
        *(section(report) for report in ordered), f"<script>\n{SCRIPT}\n</script>", "</body>", "</html>", ""])


def summary(reports: Sequence[CheckReport]) -> str:
    """A table with a line a case."""
    lines = []
    for report in reports:
        comparison = report.comparison
        first = comparison.first.name if comparison.first else ""
        told = report.diagnosis.sentences[0] if report.diagnosis.sentences else ""
        verdict = "ok" if report.ok else "WRONG"
        cells = (f'<a href="#{anchor(report)}">{escape(report.case.name)}</a>', verdict,
                 f"{len(comparison.compared) - len(comparison.wrong)} of {len(comparison.compared)}", escape(first))
        lines.append(f'<tr class="{verdict}">{"".join(f"<td>{cell}</td>" for cell in cells)}'
                     f'<td class="problem">{escape(told)}</td></tr>')
    head = "".join(f"<th>{name}</th>" for name in ("case", "verdict", "right", "first wrong", "diagnosis"))
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n' + "\n".join(lines) + \
        "\n</tbody></table></div>"


def section(report: CheckReport) -> str:
    """One case."""
    comparison = report.comparison
    parts = [f'<h2 id="{anchor(report)}">{escape(headline(report))}</h2>']
    if not report.ok:
        sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in report.diagnosis.sentences)
        parts.append(f'<div class="diagnosis">{sentences}</div>')
    parts += [f'<p class="note">{escape(remark)}</p>' for remark in comparison.remarks()]
    if not report.ok and report.case.conventions:
        lines = "".join(f"<li>{escape(convention)}</li>" for convention in report.case.conventions)
        parts.append(f"<details><summary>The conventions of this case</summary><ul>{lines}</ul></details>")
    parts += pictures(report)
    rows = [*comparison.given, *comparison.computed]
    first = [row.name for row in (comparison.first_forward, comparison.first_backward) if row]
    numbers = "".join(f'<th{" data-number" if k in NUMBERS else ""}>{name}</th>' for k, name in enumerate(HEAD))
    parts.append('<div class="wide"><table><thead><tr><th data-number>no.</th>'
                 f"{numbers}<th>what it is</th></tr></thead><tbody>")
    parts += [table_row(k, row, row.name in first) for k, row in enumerate(rows, 1)]
    parts.append("</tbody></table></div>")
    return "\n".join(parts)


def pictures(report: CheckReport) -> list[str]:
    """The heat maps of the first diverging tensors that can be drawn."""
    drawn: list[str] = []
    for row in report.comparison.wrong:
        picture = heat_map(row, axis_names(report.case, row.tensor)) if len(drawn) < MAPS else ""
        if picture:
            drawn.append(f"<figure>\n<figcaption>{escape(row.name)} ({direction(row)})</figcaption>\n{picture}\n"
                         "</figure>")
    if not drawn:
        return []
    tolerance, count = report.comparison.wrong[0].tolerance, len(report.comparison.wrong)
    note = [f'<p class="note">{len(drawn)} of {count} wrong tensors are drawn.</p>'] if len(drawn) < count else []
    return ["<h3>Where they are wrong</h3>", legend(tolerance, report.case.name), '<div class="maps">', *drawn,
            "</div>", *note]


def table_row(k: int, row: TensorComparison, first: bool) -> str:
    kind = f"{row.verdict} first" if first else row.verdict
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in row_cells(row, first))
    return f'<tr class="{kind}"><td>{k}</td>{cells}<td class="{"problem" if row.problem else ""}">' \
        f"{escape(row.problem or row.tensor.meaning)}</td></tr>"


def direction(row: TensorComparison) -> str:
    return "backward pass" if row.tensor.role in BACKWARD else "forward pass"


def anchor(report: CheckReport) -> str:
    return f"case-{escape(report.case.name, quote=True)}"
