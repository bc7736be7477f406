import tseslint from 'typescript-eslint';

export default tseslint.config(
  // The other clients' programs run on other Nodes, without types.
  { ignores: ['node_modules/', 'results/', '*.js', 'client/external/programs/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      // Interfaces here are records of closures, made to be taken apart; the few classes are not.
      '@typescript-eslint/unbound-method': 'off',
      // Numbers and addresses are what this program prints; `${port}` is not a mistake here.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
);
