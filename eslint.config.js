import tseslint from 'typescript-eslint';

export default tseslint.config(
  // The programs of external clients run on other Node versions and have no types.
  { ignores: ['node_modules/', 'results/', 'dist/', '.ci/', '*.js', 'client/external/programs/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      // Interfaces here are records of closures, so their methods can be destructured. The few classes are not destructured.
      '@typescript-eslint/unbound-method': 'off',
      // This program prints numbers and addresses, so `${port}` in a template is not a mistake.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
);
