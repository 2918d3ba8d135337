// What pictures are drawn with: the marks of Observable Plot that are used, and no others, so that no others are loaded.
//
// Three libraries were weighed, packed by gzip. uPlot (23 kB) draws lines on a canvas: no heat map, no text that a reader or a
// printer can have. ECharts (178 kB for these pictures) is more than a page may load. Plot (86 kB for these marks, loaded with the
// first picture) draws bars on a logarithmic axis, lines, rules and heat maps as SVG: sharp on paper, and in the colours of the page.
export { cell, dot, lineY, plot, rectY, ruleX, ruleY, selectLast, text } from "@observablehq/plot";
