import tseslint from 'typescript-eslint';

export default tseslint.config(
  // The programs of external clients run on other Node versions and have no types.
  { ignores: ['node_modules/', 'results/', '*.js', 'client/external/programs/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      // An import of node:http loads the whole of undici: lab/vocabulary/node-http.ts.
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [{ name: 'node:http', message: 'Use lab/vocabulary/node-http.ts.', allowTypeImports: true }] }],
      // Interfaces here are records of closures, so their methods can be destructured. The few classes are not destructured.
      '@typescript-eslint/unbound-method': 'off',
      // This program prints numbers and addresses, so `${port}` in a template is not a mistake.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  { files: ['**/*.test.ts'], rules: { '@typescript-eslint/no-restricted-imports': 'off' } },
);
