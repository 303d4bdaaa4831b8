#include "design/report/design_page.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace allot::design {
namespace {

constexpr char kStyle[] =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;"
    "color:#1c1c1e;background:#fff}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:right;padding:.25rem .5rem;border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child{text-align:left}h2{margin-top:2rem}"
    "svg{max-width:100%;height:auto}.faint{color:#666}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1c1c1e}"
    "th,td{border-color:#444}.faint{color:#aaa}svg text{fill:#eee}svg .axis{stroke:#999}}";

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// A scale from numbers to pixels; starts at zero.
struct Axis {
  double most = 1, begin = 0, end = 1;
  double At(double value) const { return begin + (end - begin) * value / most; }
};

// A round number that four to ten of make up the range.
double StepOf(double most) {
  const double raw = most / 6, power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::string Picture(const Report& report) {
  const Question& question = report.search.question();
  const SearchResult& result = report.result;
  double area = 0, value = 0, watts = 0;
  for (const auto& [i, outcome] : result.outcomes) {
    area = std::max(area, question.configurations[i].area.value() * 1e-6);
    value = std::max(value, outcome.value);
    watts = std::max(watts, outcome.watts);
  }
  if (area <= 0 || value <= 0) return "";
  const Axis x{area * 1.05, 70, 880}, y{value * 1.05, 420, 20};
  std::string svg =
      "<svg viewBox=\"0 0 900 470\" role=\"img\" aria-label=\"Area against objective; the front is "
      "joined\">\n";
  const auto line = [&](double x1, double y1, double x2, double y2) {
    absl::StrAppendFormat(&svg,
                          "<line class=\"axis\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
                          "stroke=\"#888\"/>\n",
                          x1, y1, x2, y2);
  };
  line(x.begin, y.begin, x.end, y.begin);
  line(x.begin, y.begin, x.begin, y.end);
  for (double tick = 0; tick <= x.most; tick += StepOf(x.most)) {
    line(x.At(tick), y.begin, x.At(tick), y.begin + 5);
    absl::StrAppendFormat(
        &svg, "<text x=\"%.1f\" y=\"440\" text-anchor=\"middle\" font-size=\"12\">%g</text>\n",
        x.At(tick), tick);
  }
  for (double tick = 0; tick <= y.most; tick += StepOf(y.most)) {
    line(x.begin - 5, y.At(tick), x.begin, y.At(tick));
    absl::StrAppendFormat(
        &svg, "<text x=\"60\" y=\"%.1f\" text-anchor=\"end\" font-size=\"12\">%g</text>\n",
        y.At(tick) + 4, tick);
  }
  absl::StrAppendFormat(&svg,
                        "<text x=\"475\" y=\"464\" text-anchor=\"middle\" font-size=\"13\">area of "
                        "a device, mm²</text>\n"
                        "<text x=\"78\" y=\"16\" font-size=\"13\">%s</text>\n",
                        Escaped(UnitOf(question)));
  const auto point = [&](size_t i, double radius, const char* colour) {
    const Outcome& outcome = result.outcomes.at(i);
    const hardware::SizedConfiguration& sized = question.configurations[i];
    const hardware::Configuration& c = sized.configuration;
    // Power, if it is known, is the size of the dot.
    const double scale = watts > 0 ? 0.5 + outcome.watts / watts : 1;
    absl::StrAppendFormat(
        &svg,
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\" fill-opacity=\"0.7\"><title>%d x "
        "%dx%d + %d x %d, %d MB: %.2f mm², %.6g%s</title></circle>\n",
        x.At(sized.area.value() * 1e-6), y.At(outcome.value), radius * scale, colour,
        c.tensor_cores, c.width, c.depth, c.vector_cores, c.vector_width, c.buffer_mb,
        sized.area.value() * 1e-6, outcome.value,
        outcome.watts > 0 ? absl::StrFormat(", %.1f W", outcome.watts) : "");
  };
  // Thousands of dots say no more than some hundreds.
  constexpr size_t kMostDots = 2000;
  const size_t every = 1 + result.outcomes.size() / kMostDots;
  size_t number = 0;
  for (const auto& [i, outcome] : result.outcomes) {
    if (number++ % every == 0 && outcome.value > 0) point(i, 2, "#9aa5b1");
  }
  if (watts <= 0) {
    svg += "<polyline fill=\"none\" stroke=\"#0b6bcb\" points=\"";
    for (const size_t i : result.front) {
      absl::StrAppendFormat(&svg, "%.1f,%.1f ",
                            x.At(question.configurations[i].area.value() * 1e-6),
                            y.At(result.outcomes.at(i).value));
    }
    svg += "\"/>\n";
  }
  for (const size_t i : result.front) point(i, 4, "#0b6bcb");
  if (report.rule.has_value() && result.outcomes.count(report.rule->configuration) > 0) {
    point(report.rule->configuration, 6, "#d97706");
  }
  if (!result.ranking.empty()) point(result.ranking[0], 7, "#15803d");
  return svg + "</svg>\n";
}

std::string Rows(const Report& report, const std::vector<size_t>& which) {
  const Question& question = report.search.question();
  std::string text =
      "<table><tr><th>tensor cores</th><th>vector cores</th><th>buffer MB</th><th>mm²</th><th>value"
      "</th><th>W</th><th>microbatch</th><th>GB</th><th>recompute</th><th>tensor</th><th>stages</"
      "th>"
      "<th>copies</th></tr>\n";
  for (const size_t i : which) {
    const hardware::SizedConfiguration& sized = question.configurations[i];
    const hardware::Configuration& c = sized.configuration;
    const Outcome& outcome = report.result.outcomes.at(i);
    const PlanChoice& plan = outcome.plans[0];
    absl::StrAppendFormat(
        &text,
        "<tr><td>%d of %d × %d</td><td>%d of "
        "%d</td><td>%d</td><td>%.2f</td><td>%.6g</td><td>%s</td>"
        "<td>%d</td><td>%d</td><td>%s</td><td>%d</td><td>%d</td><td>%d</td></tr>\n",
        c.tensor_cores, c.width, c.depth, c.vector_cores, c.vector_width, c.buffer_mb,
        sized.area.value() * 1e-6, outcome.value,
        outcome.watts > 0 ? absl::StrFormat("%.1f", outcome.watts) : "", plan.microbatch,
        plan.memory_gib, plan.recompute ? "yes" : "no", plan.tensor, plan.pipeline, plan.data);
  }
  return text + "</table>\n";
}

}  // namespace

std::string DesignPage(const Report& report) {
  const Question& question = report.search.question();
  const SearchResult& result = report.result;
  std::string names;
  for (const LayerGraph& model : question.models) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", model.name);
  }
  std::string page = absl::StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
      "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<meta "
      "name=\"color-scheme\" content=\"light dark\">\n<title>Allot design</title><style>",
      kStyle, "</style></head><body>\n<p class=\"faint\">Allot design</p>\n<h1>", Escaped(names),
      "</h1>\n");
  absl::StrAppendFormat(
      &page,
      "<p>%d configurations of the space %s, %d plans: %d computed, %d excluded by "
      "a bound. What operators take is estimated by an analytical model.</p>\n",
      question.configurations.size(), Escaped(question.space.name), result.plans, result.computed,
      result.plans - result.computed);
  if (result.ranking.empty()) return page + "<p>Nothing fits.</p></body></html>\n";
  const Outcome& best = result.outcomes.at(result.ranking[0]);
  for (size_t m = 0; m < best.plans.size(); ++m) {
    const Why why = Explain(report.search, m, result.ranking[0], best.plans[m]);
    absl::StrAppend(&page, "<p>", Escaped(question.models[m].name),
                    " on the best: ", Escaped(Sentence(why, best.plans[m])), ".</p>\n");
  }
  absl::StrAppend(&page, "<h2>Area and ", Escaped(UnitOf(question)), "</h2>\n", Picture(report),
                  "<p class=\"faint\">Blue: those that no other beats. Green: the best. ",
                  report.rule.has_value() ? "Orange: what the published stop rule finds. " : "",
                  "Grey: others that were computed.</p>\n<h2>The best</h2>\n",
                  Rows(report, result.ranking), "<h2>The front</h2>\n", Rows(report, result.front),
                  "</body></html>\n");
  return page;
}

}  // namespace allot::design
