declare module "*.json?url" {
    const url: string;
    export default url;
}
interface ImportMeta {
    /** Set by the bundler: PROD is true in what the node serves. */
    readonly env: { readonly PROD: boolean };
}
