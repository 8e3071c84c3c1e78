import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** The names of all specs under a folder: of `describe` and `it`, and what tables put into them. */
export function specNames(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.spec.ts'))
    .flatMap((file) => namesIn(readFileSync(join(folder, file), 'utf8'), file));
}

function namesIn(text: string, file: string): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(describe|it)\b/.test(node.expression.getText(source))) {
      const [name] = node.arguments;
      if (name !== undefined) strings(name, names);
      // Strings of the table, in `it.each(table)(name, …)`.
      strings(node.expression, names);
    }
    node.forEachChild(visit);
  };
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  visit(source);
  return names;
}

function strings(node: ts.Node, into: string[]): void {
  if (ts.isStringLiteralLike(node)) into.push(node.text);
  // What a row does is no part of a name.
  else if (!ts.isFunctionLike(node)) node.forEachChild((child) => strings(child, into));
}
