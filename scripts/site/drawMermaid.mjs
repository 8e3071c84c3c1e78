/** Leaves diagrams to the browser, which draws them in the colours of the page: see browser.js. */
export function drawMermaid(parser) {
  const { fence } = parser.renderer.rules;
  parser.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    if (info.trim() !== 'mermaid') return fence(tokens, index, ...rest);
    return `<pre class="mermaid">${parser.utils.escapeHtml(content)}</pre>`;
  };
}
