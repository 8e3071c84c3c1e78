// Draws the diagrams of a page, and draws them again when its colours change.
const diagrams = [...document.querySelectorAll('pre.mermaid')];
if (diagrams.length > 0) {
  const texts = diagrams.map((diagram) => diagram.textContent);
  const dark = matchMedia('(prefers-color-scheme: dark)');

  const draw = async () => {
    const { theme } = document.documentElement.dataset;
    const isDark = theme === 'dark' || (theme !== 'light' && dark.matches);
    mermaid.initialize({ startOnLoad: false, theme: isDark ? 'dark' : 'neutral' });
    for (const [index, diagram] of diagrams.entries()) {
      const { svg } = await mermaid.render(`diagram${index}`, texts[index]);
      diagram.innerHTML = svg;
    }
  };

  const script = document.createElement('script');
  script.src = `${document.documentElement.dataset.base}assets/mermaid.js`;
  script.addEventListener('load', () => {
    void draw();
    dark.addEventListener('change', () => void draw());
    new MutationObserver(() => void draw()).observe(document.documentElement, {
      attributeFilter: ['data-theme'],
    });
  });
  document.head.append(script);
}
