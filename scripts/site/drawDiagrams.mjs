/**
 * Leaves Mermaid's diagrams to the browser, which draws them in the colours of the page: see browser.js.
 * Blocks that name no language are diagrams in text, or what a program prints: they have no colours.
 */
export function drawDiagrams(parser) {
  const { fence } = parser.renderer.rules;
  parser.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    const text = parser.utils.escapeHtml(content);
    if (info.trim() === 'mermaid') return `<pre class="mermaid">${text}</pre>`;
    if (info.trim() === '') return `<pre><code>${text}</code></pre>`;
    return fence(tokens, index, ...rest);
  };
}
