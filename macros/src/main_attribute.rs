use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, Result, ReturnType};

pub(crate) fn expand(function: ItemFn) -> Result<TokenStream> {
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = function;
    if sig.asyncness.is_none() {
        return Err(Error::new_spanned(
            sig.fn_token,
            "#[treewire::main] takes an async fn",
        ));
    }
    if !sig.inputs.is_empty() {
        return Err(Error::new_spanned(sig.inputs, "main takes no arguments"));
    }
    let name = &sig.ident;
    Ok(match &sig.output {
        ReturnType::Default => quote! {
            #(#attrs)*
            #vis fn #name() {
                ::treewire::run(async #block)
            }
        },
        ReturnType::Type(_, output) => quote! {
            #(#attrs)*
            #vis fn #name() -> ::std::process::ExitCode {
                let main = async {
                    let result: #output = async #block.await;
                    result
                };
                match ::treewire::run(main) {
                    Ok(()) => ::std::process::ExitCode::SUCCESS,
                    Err(error) => {
                        ::treewire::print_error(&*error);
                        ::std::process::ExitCode::FAILURE
                    }
                }
            }
        },
    })
}
