// SPDX-License-Identifier: MIT
// The TypeScript compiler, in this process: files that several programs have in
// common, those of the standard library above all, are read once.
'use strict';

const path = require('node:path');
const ts = require('typescript');

const ROOT = path.resolve(__dirname, '../..');

const OPTIONS = {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
};
// As node takes modules, and as a browser does; the latter without a build.
const TYPESCRIPT = {
  ...OPTIONS, module: ts.ModuleKind.NodeNext, types: ['node'],
};
const JAVASCRIPT = {
  ...OPTIONS, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowJs: true, checkJs: true, types: [],
};

const read = new Map();

// Compile files (paths from the project's root) and answer what is wrong with
// them, and with those of the project that they import: [{file, line, text}].
// `changed` has other texts for some of them, by path.
function faults(files, options, changed = {}) {
  const host = ts.createCompilerHost(options);
  const fromDisk = host.getSourceFile.bind(host);
  host.getCurrentDirectory = () => __dirname; // where @types/node is
  host.getSourceFile = (name, language) => {
    const relative = path.relative(ROOT, name);
    if (relative in changed) return ts.createSourceFile(name, changed[relative], language, true);
    const key = `${name} ${JSON.stringify(language)}`;
    if (!read.has(key)) read.set(key, fromDisk(name, language));
    return read.get(key);
  };
  const program = ts.createProgram(files.map((file) => path.join(ROOT, file)), options, host);
  const found = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()];
  for (const source of program.getSourceFiles()) {
    if (source.fileName.includes('node_modules')) continue;
    found.push(...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source));
  }
  return found.map(({ file, start, messageText }) => ({
    file: file && path.relative(ROOT, file.fileName),
    line: file && file.getLineAndCharacterOfPosition(start).line + 1,
    text: ts.flattenDiagnosticMessageText(messageText, ' '),
  }));
}

module.exports = { JAVASCRIPT, ROOT, TYPESCRIPT, faults };
